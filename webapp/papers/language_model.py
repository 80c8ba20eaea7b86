"""A language model behind an API like OpenAI's: it is asked for JSON of one shape, and its answer is read into a struct."""

from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from webapp.config import Config
from webapp.papers.services import NotThere, RequestRefused, Service, ServiceFailed, post
from webapp.parsing import clean_texts

SECONDS = 180.0  # for one answer: a model on a computer of one's own takes minutes
LONGEST_ANSWER = 100_000  # characters

Answer = TypeVar("Answer", bound=msgspec.Struct)


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]


def server(config: Config) -> str:
    """Return the name of the server that the texts are sent to."""
    return urlsplit(config.draft_llm_url).hostname or ""


def ask(config: Config, instructions: str, question: str, kind: type[Answer]) -> Answer:
    """Ask the model, and read its answer as a value of this kind. Raises ServiceFailed."""
    service = Service(server(config), "draft_llm_url", 0.0, SECONDS)
    schema = msgspec.json.schema(kind)
    schema |= schema["$defs"].pop(kind.__name__)  # servers want an object at the root
    del schema["$ref"]
    request: dict[str, Any] = {
        "model": config.draft_llm_model,
        "temperature": 0,
        "messages": [
            {"role": "system", "content": instructions},
            {"role": "user", "content": question},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": kind.__name__, "schema": schema},
        },
    }
    try:
        try:
            body = post(config, service, "/chat/completions", request, config.draft_llm_key)
        except (
            RequestRefused
        ):  # many servers know only the older way, by which a model has to be told the shape
            request["response_format"] = {"type": "json_object"}
            shape = msgspec.json.encode(schema).decode()
            request["messages"][0]["content"] += f"\n\nAnswer with JSON of this schema: {shape}"
            body = post(config, service, "/chat/completions", request, config.draft_llm_key)
    except NotThere as missing:
        problem = (
            f"{service.name} doesn’t have the model {config.draft_llm_model}, or DRAFT_LLM_URL is wrong."
        )
        raise ServiceFailed(problem) from missing
    return _read(service, body, kind)


def _read(service: Service, body: bytes, kind: type[Answer]) -> Answer:
    try:
        choice = msgspec.json.decode(body, type=_Completion).choices[0]
        text = choice.message.content or ""
        if choice.finish_reason == "length" or len(text) > LONGEST_ANSWER:
            raise ServiceFailed(f"The draft from {service.name} was too long, so it broke off.")
        if not text.strip():
            raise ServiceFailed(f"{service.name} answered without a draft.")
        return msgspec.convert(clean_texts(msgspec.json.decode(text)), kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, IndexError) as error:
        raise ServiceFailed(f"The answer from {service.name} isn’t a draft that we can read.") from error
