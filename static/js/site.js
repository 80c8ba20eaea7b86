// Small additions. Every page works without this file; it only saves steps.
"use strict";

(() => {
  // What this script says, in the language of the page: each message by its English words, which the server finds here.
  const translated = JSON.parse(document.getElementById("script-words")?.textContent || "{}");
  const _ = (message, count = "") => (translated[message] || message).replace("%(count)s", count);

  const status = () => document.getElementById("status");
  const say = (text) => { status().textContent = text; };

  // Says a sentence and shows it too, next to what was pressed, until the next one; a link may follow it.
  function tell(text, pressed, link = "") {
    say(text);
    document.querySelector(".told")?.remove();
    const note = document.createElement("span");
    note.className = "told no-print";
    const words = document.createElement("span");
    words.setAttribute("aria-hidden", "true"); // said already
    words.textContent = text;
    note.append(words, link);
    pressed.after(note);
    note.scrollIntoView({ block: "nearest" }); // a button at the edge of the screen has its note outside
  }

  // ------------------------------------------------- after htmx put something into the page
  document.addEventListener("htmx:afterSwap", (event) => {
    const swapped = event.detail.target.isConnected ? event.detail.target : document.getElementById(event.detail.target.id);
    settle(swapped || document);
    refocus(event.detail.requestConfig?.elt);
  });
  document.addEventListener("htmx:oobAfterSwap", (event) => settle(event.detail.target));

  function settle(root) {
    keepOpen(root);
    compare(root);
    const wanted = root.matches?.("[data-focus]") ? root : root.querySelector?.("[data-focus]");
    if (wanted) wanted.focus();
    const spoken = root.matches?.("[data-announce]") ? root : root.querySelector?.("[data-announce]");
    if (spoken) say(spoken.dataset.announce);
    const titled = root.matches?.("[data-title]") ? root : root.querySelector?.("[data-title]");
    if (titled) document.title = titled.dataset.title;
    reveal(root);
  }

  // A link that replaced the part of the page it stands in keeps the focus, also inside what was folded.
  function refocus(pressed) {
    if (pressed?.id && !pressed.isConnected) document.getElementById(pressed.id)?.focus({ preventScroll: true });
  }

  // ------------------------------------------------- a search is one entry in the history, however slowly it is typed
  // The first answer adds an entry and the next ones replace it, until the reader leaves the field or goes back.
  let isTyped = false;
  document.addEventListener("htmx:beforeHistoryUpdate", ({ detail }) => {
    if (detail.requestConfig.elt.type !== "search") return;
    if (isTyped) detail.history.type = "replace";
    isTyped = true;
  });
  document.addEventListener("change", () => { isTyped = false; });
  window.addEventListener("popstate", () => { isTyped = false; });

  // ------------------------------------------------- what a reader opened stays open when it is replaced
  const folds = new Map();
  document.addEventListener("toggle", ({ target }) => {
    if (target.matches?.("[data-keep-open]")) folds.set(target.id, target.open);
  }, true);

  function keepOpen(root) {
    for (const fold of root.querySelectorAll?.("[data-keep-open]") || []) fold.open = folds.get(fold.id) ?? fold.open;
  }

  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, ({ target }) => {
      const sentence = _("That didn’t work. Please try again in a minute.");
      if (location.pathname.startsWith("/editor/")) say(sentence); // the form of a summary shows it at its foot
      else tell(sentence, target.closest("form") || target);
    });
  }

  // ------------------------------------------------- buttons that need a script are shown by it
  function reveal(root) {
    for (const button of root.querySelectorAll?.("[data-print], [data-copy]") || []) button.hidden = false;
    if ("share" in navigator) for (const button of root.querySelectorAll?.("[data-share]") || []) button.hidden = false;
    invite(root);
    if ("speechSynthesis" in window) for (const box of root.querySelectorAll?.("[data-listen]") || []) box.hidden = false;
  }

  // A page in another language than English was chosen, so English is offered there only to somebody who doesn't ask for that one.
  function invite(root) {
    const asked = (navigator.languages || []).map((one) => one.split("-")[0]);
    const here = document.documentElement.lang;
    if (here !== "en" && asked.includes(here)) return;
    for (const line of root.querySelectorAll?.("[data-language]") || []) line.hidden = !asked.includes(line.dataset.language);
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("print" in button.dataset) window.print();
    if ("copy" in button.dataset) await copy(button);
    if ("share" in button.dataset) await share(button);
    if ("listenPlay" in button.dataset) play(button);
    if ("listenStop" in button.dataset) stop();
    if ("packSave" in button.dataset) savePack(button.dataset.packSave);
    if ("showPassword" in button.dataset) showPassword(button);
  });

  // A word explained: its link leads to the fold under the paragraph; we open it as well.
  document.addEventListener("click", (event) => {
    const word = event.target.closest("a.word");
    const fold = word && document.getElementById(word.hash.slice(1));
    if (!fold) return;
    event.preventDefault();
    fold.open = true;
    fold.querySelector("summary").focus();
  });

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      tell(_("Copied."), button);
    } catch {
      tell(_("Your browser didn’t let us copy. You can select the text instead."), button);
    }
  }

  async function share(button) {
    try {
      await navigator.share({ text: button.dataset.share });
    } catch (error) {
      if (error.name !== "AbortError") tell(_("Sharing didn’t work. You can copy the text instead."), button);
    }
  }

  function showPassword(button) {
    const field = document.getElementById(button.getAttribute("aria-controls"));
    const isShown = field.type === "text";
    field.type = isShown ? "password" : "text";
    button.textContent = isShown ? _("Show") : _("Hide");
  }

  // ------------------------------------------------- the visit pack: a list of summaries and answers, stored on this device and nowhere else
  // Without scripts, the list is only in the address of the pack, which each of its buttons leads to.
  const packPage = document.querySelector("[data-pack-shown]");

  function stored(name) {
    try {
      return localStorage.getItem(name) || "";
    } catch {
      return null; // the browser forbids storage: the address has to do
    }
  }

  function store(name, text) {
    try {
      localStorage.setItem(name, text);
    } catch {
      return false;
    }
    return true;
  }

  const storedPack = () => stored("pack");

  function storePack(list) {
    if (!store("pack", list)) return false;
    showPack();
    return true;
  }

  const countOf = (list) => (list ? list.split("-").length : 0);

  function showPack() {
    const list = storedPack();
    if (list === null) return;
    for (const link of document.querySelectorAll("[data-pack-link]")) link.search = list && `?s=${list}`;
    const counter = document.querySelector(".head-pack");
    if (counter) {
      counter.hidden = !list;
      counter.querySelector("b").textContent = countOf(list);
    }
    const unsaved = document.querySelector("[data-pack-unsaved]");
    if (unsaved) unsaved.hidden = list === packPage.dataset.packShown;
  }

  function openPack() {
    const asked = new URLSearchParams(location.search).get("s");
    const list = storedPack();
    if (asked === null && list) location.replace(`?s=${list}`);
    // What was withdrawn since is not shown any more.
    if (list && asked === list) storePack(packPage.dataset.packShown);
  }

  function addToPack(button) {
    const list = storedPack();
    if (list === null) return false;
    const entry = button.dataset.packAdd;
    const link = document.querySelector(".head-pack").cloneNode();
    link.className = "";
    link.textContent = _("Open my pack");
    if (list.split("-").includes(entry)) tell(_("It’s in your pack already."), button, link);
    else if (countOf(list) >= Number(link.dataset.most)) tell(_("Your pack is full. Remove something first."), button, link);
    else {
      const longer = list ? `${list}-${entry}` : entry;
      if (!storePack(longer)) return false;
      link.search = `?s=${longer}`;
      link.hidden = false;
      tell(_("Added. %(count)s in my pack.", countOf(longer)), button, link);
    }
    return true;
  }

  function savePack(list) {
    if (storePack(list)) say(_("Saved. %(count)s in my pack.", countOf(list)));
  }

  document.addEventListener("submit", (event) => {
    const pressed = event.submitter;
    if (pressed?.dataset.packAdd) {
      if (addToPack(pressed)) event.preventDefault();
    } else if (pressed && "packChange" in event.target.dataset) {
      // A pack that somebody sent is changed in the address only, until the reader saves it.
      const list = storedPack();
      if (!list || list === packPage.dataset.packShown) storePack(pressed.value);
    }
  });
  window.addEventListener("storage", showPack);
  window.addEventListener("pageshow", showPack);
  if (packPage) openPack();

  // ------------------------------------------------- people like me: five answers, stored on this device and nowhere else
  // Pages are the same for everybody. A part that can compare is asked for once more with the answers, by POST: so they are in
  // no address, no log and no copy.
  function compare(root) {
    const part = root.matches?.("[data-like-me]") ? root : root.querySelector?.("[data-like-me]");
    const me = part && stored("me");
    if (me) htmx.ajax("POST", part.dataset.likeMe, { source: part, values: { me } });
  }

  document.addEventListener("profile", ({ detail }) => {
    location.assign(store("me", detail.code) ? detail.back : detail.address);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-forget-me]")) store("me", "");
  });

  // ------------------------------------------------- read aloud with the browser's own voice
  // One paragraph at a time, so that pausing keeps the place in every browser.
  let reading = null;

  function play(button) {
    if (reading && reading.button === button) {
      if (reading.isPaused) resume(); else pause();
      return;
    }
    stop();
    const box = button.closest("[data-listen]");
    const parts = [...document.getElementById(box.dataset.listen).querySelectorAll("p")].map((p) => p.textContent);
    reading = { button, box, parts, at: 0, isPaused: false, run: 0 };
    box.querySelector("[data-listen-stop]").hidden = false;
    speak();
  }

  function speak() {
    const run = ++reading.run;
    if (reading.at >= reading.parts.length) { stop(); return; }
    const words = new SpeechSynthesisUtterance(reading.parts[reading.at]);
    words.lang = document.getElementById(reading.box.dataset.listen).closest("[lang]").lang;
    words.onend = () => { if (reading && reading.run === run && !reading.isPaused) { reading.at += 1; speak(); } };
    label(_("Pause"));
    speechSynthesis.speak(words);
  }

  function pause() { reading.isPaused = true; reading.run += 1; speechSynthesis.cancel(); label(_("Keep listening")); }
  function resume() { reading.isPaused = false; speak(); }
  function label(text) { reading.button.querySelector("span").textContent = text; }

  function stop() {
    if (!reading) return;
    const { button, box } = reading;
    label(_("Listen to this explanation"));
    reading = null;
    speechSynthesis.cancel();
    const stopButton = box.querySelector("[data-listen-stop]");
    if (document.activeElement === stopButton) button.focus();
    stopButton.hidden = true;
  }
  window.addEventListener("pagehide", stop);

  // ------------------------------------------------- Escape closes what was opened
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector(".head-menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
    const panel = document.getElementById("instant");
    if (panel && panel.childElementCount) closeInstant(panel);
  });
  document.addEventListener("input", (event) => {
    const panel = document.getElementById("instant");
    if (panel && event.target.matches("[data-instant]") && event.target.value.trim().length < 2) closeInstant(panel);
  });

  function closeInstant(panel) {
    const field = document.querySelector("[data-instant]");
    htmx.trigger(field, "htmx:abort");
    if (panel.contains(document.activeElement)) field.focus();
    panel.replaceChildren();
    panel.classList.add("is-empty");
  }

  // ------------------------------------------------- reading without a connection, if the reader asked for it
  const languages = [...document.querySelectorAll(".languages a")].map((link) => link.hreflang);
  if ("serviceWorker" in navigator) {
    if (document.documentElement.dataset.offline === "keep") navigator.serviceWorker.register(`/sw.js?languages=${languages}`);
    else forgetKept();
  }

  async function forgetKept() {
    for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
    if ("caches" in window) for (const name of await caches.keys()) await caches.delete(name);
  }

  async function listKept(list) {
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const url = new URL(request.url);
        if (!/^(\/[a-z]{2})?\/(research|answers|start|visit-pack)/.test(url.pathname)) continue;
        const page = new DOMParser().parseFromString(await (await cache.match(request)).text(), "text/html");
        const link = document.createElement("a");
        link.href = url.pathname + url.search;
        link.textContent = page.querySelector("h1").textContent;
        const row = document.createElement("li");
        row.append(link);
        list.append(row);
      }
    }
  }
  const kept = document.querySelector("[data-kept]");
  if (kept && "caches" in window) listKept(kept);

  reveal(document);
  compare(document);
  const first = document.querySelector("[data-focus]");
  if (first) first.focus();
})();
