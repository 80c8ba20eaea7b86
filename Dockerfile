# The site as an image. The user has no privileges, and the root file system can be read-only: the site writes to /var/lib/scrh, /tmp and,
# with SITE_COPY, /var/lib/scrh-copy only.
# `--build-arg PACKAGES=extras` adds the optional packages. compose.yaml runs it.
ARG PYTHON=3.13-slim-bookworm

FROM python:${PYTHON} AS packages
ARG PACKAGES=runtime
WORKDIR /srv/scrh
COPY requirements requirements
RUN python -m venv .venv
RUN .venv/bin/python -m pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/${PACKAGES}.txt

FROM python:${PYTHON}
WORKDIR /srv/scrh
COPY --from=packages /srv/scrh/.venv .venv
COPY static static
COPY templates templates
COPY webapp webapp
COPY wsgi.py ./
RUN .venv/bin/python -m compileall -q webapp wsgi.py
RUN install -d -m 0700 -o 10001 -g 10001 /var/lib/scrh
RUN install -d -m 0755 -o 10001 -g 10001 /var/lib/scrh-copy
ENV PATH=/srv/scrh/.venv/bin:/usr/local/bin:/usr/bin:/bin
ENV FLASK_APP=/srv/scrh/wsgi.py
ENV INSTANCE_PATH=/var/lib/scrh SEARCH_INDEX=/var/lib/scrh/index HOST=0.0.0.0
USER 10001:10001
VOLUME /var/lib/scrh
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
CMD ["gunicorn", "-c", "python:webapp.gunicorn_conf", "wsgi:app"]
