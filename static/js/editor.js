// The editor's own additions: a copy in this browser, signing in again on the page, plain words at a press.
// Every page of the editor works without this file.
"use strict";

(() => {
  const PREFIX = "editor-copy:";
  const form = document.getElementById("summary-form");
  const say = (text) => { document.getElementById("status").textContent = text; };

  for (const button of document.querySelectorAll("[data-show-password]")) button.hidden = false;

  // ------------------------------------------------- an account takes the time zone of the browser at the first sign-in
  document.addEventListener("submit", (event) => {
    const field = event.target.querySelector("[data-time-zone]");
    if (field) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  }, true);

  // ------------------------------------------------- signing out leaves nothing behind
  function forgetCopies() {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  }
  for (const out of document.querySelectorAll("[data-sign-out]")) out.addEventListener("submit", forgetCopies);
  if (new URLSearchParams(location.search).has("ended")) forgetCopies();

  // ------------------------------------------------- a form whose answer takes a while says so
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.dataset.busy) say(event.detail.elt.dataset.busy);
  });

  // ------------------------------------------------- new papers: one key for each button of the row that has the focus
  // Only inside the list, so that no key does anything to somebody who speaks or types elsewhere.
  document.addEventListener("keydown", (event) => {
    const list = event.target.closest?.("[data-keys]");
    const isTyping = event.target.matches?.("input:not([type=checkbox]), select, textarea");
    if (!list || isTyping || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const rows = [...list.querySelectorAll("[data-row]")];
    const row = event.target.closest("[data-row]") || rows[0];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const near = step ? rows[rows.indexOf(row) + step] : row;
    const wanted = step ? "[data-key]" : `[data-key="${CSS.escape(event.key.toLowerCase())}"]`;
    const control = near?.querySelector(wanted) || (step ? null : list.querySelector(`:not([data-row] *)${wanted}`));
    if (!control) return;
    event.preventDefault();
    control.focus();
    if (!step && control instanceof HTMLButtonElement) control.click();
  });

  // ------------------------------------------------- Ctrl+S saves the draft
  // Only where saving is not publishing: of a page of the site, or a word, readers would see it at once.
  document.addEventListener("keydown", (event) => {
    const save = document.querySelector("[data-saves-draft]");
    if (!save || event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (!document.querySelector("dialog[open]") && !event.repeat) save.click();
  });

  if (!form) return;

  // ------------------------------------------------- a copy in this browser until the server has the text
  const key = form.dataset.copy + form.dataset.tab;
  const NOT_TYPED = ["csrf_token", "form_key", "tab", "adopts"];
  let typed = 0;      // counts changes, to know whether an answer is about the newest text
  let sentAt = 0;
  let isSent = false; // by a button that opens another page
  let timer;

  const fields = () => [...new FormData(form)].filter(([name]) => !NOT_TYPED.includes(name));
  // What somebody typed, as the server stores it: without hidden fields, and without space at the ends.
  const HIDDEN = /^(revision|merge_base|warning-|accept-|removed-|remark-|assigned_to)/; // comments have their own button
  const USED_BY_PUBLISH = /^(publish_at|reason_for_all)$/;
  const text = (list) => list.map(([name, value]) => [name, value.replaceAll("\r\n", "\n").trim()])
    .filter(([name, value]) => value && !HIDDEN.test(name));

  // Does the server have the text of a copy? Of a form that was sent, it may have filled empty fields, such as the address.
  function isStored(copy) {
    const then = text(copy.fields).filter(([name]) => !(copy.isSent && USED_BY_PUBLISH.test(name))).map(String);
    const now = new Set(text(fields()).map(String));
    return then.every((one) => now.has(one)) && (copy.isSent || then.length === now.size);
  }

  function keepCopy() {
    try {
      localStorage.setItem(key, JSON.stringify({ at: new Date().toISOString(), isSent, fields: fields() }));
    } catch {
      // No room, or not allowed: the server still keeps what is typed.
    }
  }

  form.addEventListener("input", () => {
    typed += 1;
    isSent = false;
    clearTimeout(timer);
    timer = setTimeout(keepCopy, 400);
  });
  window.addEventListener("pagehide", () => { if (typed > sentAt) keepCopy(); });

  // Each tab has a copy of its own; a closed tab's is offered to the next one.
  function newestCopy() {
    const copies = Object.keys(localStorage).filter((name) => name.startsWith(form.dataset.copy))
      .map((name) => ({ name, ...JSON.parse(localStorage.getItem(name)) }));
    return copies.sort((a, b) => b.at.localeCompare(a.at))[0];
  }

  function offerCopy() {
    const kept = newestCopy();
    // An answer to a form that was just sent already shows what was typed; the copy waits until it is saved.
    if (!kept || !("stored" in form.dataset)) return;
    if (isStored(kept)) { localStorage.removeItem(kept.name); offerCopy(); return; }
    const box = document.getElementById("browser-copy");
    box.querySelector("[data-copy-time]").textContent = new Date(kept.at).toLocaleString("en-US");
    const restore = box.querySelector("[data-copy-restore]");
    restore.addEventListener("click", () => bringBack(restore.dataset.copyRestore, kept));
    box.querySelector("[data-copy-discard]").addEventListener("click", () => { localStorage.removeItem(kept.name); box.hidden = true; });
    box.hidden = false;
    // Another tab is still open and has just sent it.
    window.addEventListener("storage", (event) => { if (event.key === kept.name && event.newValue === null) box.hidden = true; });
  }

  // The server draws the form with these fields, so rows that were added or removed come back as well.
  function bringBack(address, { name: from, ...kept }) {
    localStorage.removeItem(from);
    localStorage.setItem(key, JSON.stringify(kept)); // it is this tab's now, until it is saved
    const sent = document.createElement("form");
    sent.method = "post";
    sent.action = address;
    const own = (name) => form.querySelector(`[name="${name}"]`).value;
    const marks = ["csrf_token", "form_key", "tab", "adopts"].map((name) => [name, own(name)]);
    for (const [name, value] of [...kept.fields, ...marks]) {
      const field = document.createElement("textarea");
      field.name = name;
      field.value = value;
      sent.append(field);
    }
    sent.hidden = true;
    document.body.append(sent);
    sent.submit();
  }
  // The form was sent in the ordinary way and the answer shows what the server keeps now.
  form.addEventListener("submit", () => {
    isSent = true;
    if (typed > sentAt) keepCopy();
    sessionStorage.setItem("editor-sent", key);
  });
  const sentKey = sessionStorage.getItem("editor-sent");
  sessionStorage.removeItem("editor-sent");
  if (sentKey && "stored" in form.dataset) localStorage.removeItem(sentKey);
  offerCopy();

  // ------------------------------------------------- what became of a request
  const isSave = (element) => element.id === "autosave" || element.id === "save-draft";

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isSave(event.detail.elt)) event.detail.elt.dataset.typed = typed;
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, xhr, failed } = event.detail;
    if (!isSave(elt)) return;
    if (!failed && xhr.status === 200) {
      sentAt = Number(elt.dataset.typed);
      if (sentAt === typed) { clearTimeout(timer); localStorage.removeItem(key); }
    } else if (xhr.status === 0 || xhr.status >= 500) {
      showLost();
    }
  });

  function showLost() {
    const status = document.querySelector("#save-status > :last-child");
    status.textContent = "No answer from the server. Your text is saved in this browser. We’ll try again.";
    keepCopy();
    setTimeout(resend, 10000);
  }
  const resend = () => { if (typed > sentAt) htmx.trigger("#autosave", "resend"); };
  window.addEventListener("online", resend);

  // ------------------------------------------------- the sign-in ran out: sign in here, then go on
  const dialog = document.getElementById("sign-in-again");
  let waiting = null;   // what was asked for when the sign-in had run out
  let before = null;    // where the focus was

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status !== 401) return;
    event.detail.shouldSwap = false;
    const asked = event.detail.requestConfig.elt;
    if (asked instanceof HTMLButtonElement) waiting = asked;
    if (dialog.open) return;
    const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html").body.firstElementChild;
    if (answer?.dataset.token) { goOn(answer.dataset.token); return; }
    before = document.activeElement;
    dialog.replaceChildren(answer);
    htmx.process(dialog);
    dialog.showModal();
  });

  document.addEventListener("htmx:afterSwap", () => {
    for (const button of dialog.querySelectorAll("[data-show-password]")) button.hidden = false;
    const token = dialog.querySelector("[data-token]")?.dataset.token;
    if (!token) return;
    dialog.replaceChildren();
    dialog.close();
    before?.focus();
    goOn(token);
  });

  function goOn(token) {
    for (const field of document.querySelectorAll('[name="csrf_token"]')) field.value = token;
    const again = waiting;
    waiting = null;
    say("You’re signed in again.");
    if (again?.isConnected) again.click();
    else htmx.trigger("#autosave", "resend");
  }

  // ------------------------------------------------- plain words in place of a hard one
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-swap]");
    const field = button && document.getElementById(button.dataset.swap);
    if (!field) return;
    const { found, instead } = button.dataset;
    const at = Number(button.dataset.at);
    if (!field.value.startsWith(found, at)) return;   // changed since the last check: the server finds the place
    event.preventDefault();
    field.focus();
    field.setSelectionRange(at, at + found.length);
    // The only way to type for somebody so that Ctrl+Z takes it back.
    if (!document.execCommand("insertText", false, instead)) field.setRangeText(instead, at, at + found.length, "select");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    say(`“${found}” is now “${instead}”.`);
  });
})();
