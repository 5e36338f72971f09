"use strict";
/* Asks a device for a passkey before a form with `data-passkey` (`create` or `get`) is sent, and sends its answer with
   the form. Without this script the form is sent without an answer, and the page says so. */
(() => {
  if (!window.PublicKeyCredential) return;
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const listed = (keys) => (keys ?? []).map((key) => ({ ...key, id: bytes(key.id) }));

  const options = (json) => {
    const asked = JSON.parse(json);
    asked.challenge = bytes(asked.challenge);
    asked.allowCredentials = listed(asked.allowCredentials);
    asked.excludeCredentials = listed(asked.excludeCredentials);
    if (asked.user) asked.user.id = bytes(asked.user.id);
    return asked;
  };

  const written = ({ id, rawId, type, authenticatorAttachment, response }) => {
    const told = { transports: response.getTransports?.() ?? [] };
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) told[name] = text(response[name]);
    }
    return JSON.stringify({ id, rawId: text(rawId), type, authenticatorAttachment, response: told, clientExtensionResults: {} });
  };

  for (const form of document.querySelectorAll("[data-passkey]")) {
    const answer = form.elements.answer;
    const failed = form.querySelector("[data-failed]");
    let isAsking = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (isAsking) return;
      isAsking = true;
      failed.hidden = true;
      try {
        const given = await navigator.credentials[form.dataset.passkey]({ publicKey: options(answer.dataset.options) });
        answer.value = written(given);
        form.submit();
      } catch (error) {
        const texts = { SecurityError: form.dataset.elsewhere, InvalidStateError: form.dataset.known };
        failed.textContent = texts[error.name] ?? form.dataset.canceled;
        failed.hidden = false;
      }
      isAsking = false;
    });
  }
})();
