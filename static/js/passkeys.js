// Passkeys: a press on a button with data-passkey asks the device for one, then sends the form with the answer.
// Without this file, or in an old browser, the form goes out without an answer, and the server names other ways to sign in.
"use strict";

(() => {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return;
  let isWaiting = false;

  // In the capture phase: htmx must not see the press before the answer is there.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-passkey]");
    const answer = button?.form.querySelector('input[name="code"]');
    if (!answer || answer.value) return;
    event.preventDefault();
    event.stopPropagation();
    if (isWaiting) return;
    isWaiting = true;
    const message = button.form.querySelector("[data-passkey-message]");
    message.textContent = "Follow the steps your browser shows.";
    try {
      const options = JSON.parse(button.dataset.passkey);
      const credential = options.rp
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      answer.value = JSON.stringify(credential);
      message.textContent = "";
      button.click();
      answer.value = ""; // it is sent by now; after Back, or if it got lost, the device is asked anew
    } catch (error) {
      message.textContent = error.name === "InvalidStateError"
        ? "This device already has a passkey for your account."
        : "That didn’t work, or it was canceled. Try again, or use another way.";
    } finally {
      isWaiting = false;
    }
  }, true);
})();
