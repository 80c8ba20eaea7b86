// Search in a copy of the site: the page list shows only the summaries whose titles hold every word.
"use strict";

(() => {
  const list = document.getElementById("list");
  if (!list) return;
  const form = document.getElementById("list-form");
  const field = document.getElementById("q");
  const plain = (text) => text.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase();
  const rows = [...list.children].map((row) => [row, plain(row.textContent)]);

  function filter() {
    const words = plain(field.value).split(/\s+/);
    let count = 0;
    for (const [row, text] of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) count += 1;
    }
    const sentence = list.dataset.shown.replace("%(count)s", count);
    document.getElementById("list-count").textContent = sentence;
    document.getElementById("status").textContent = sentence;
  }

  field.value = new URLSearchParams(location.search).get("q") || "";
  field.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
})();
