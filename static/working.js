"use strict";
/* Slow forms show and announce their note once they are submitted. A button with a `data-busy` text is disabled until
   the next page; a download has no such button, because its page stays. Without this script only the browser's own
   loading indicator shows. */
(() => {
  const announcer = document.getElementById("announcer");

  for (const form of document.querySelectorAll("form[data-working]")) {
    const note = form.querySelector("[data-note]");
    const button = form.querySelector("[data-busy]");
    const label = button?.textContent;

    const show = (isWorking) => {
      note.hidden = !isWorking;
      announcer.textContent = isWorking ? note.textContent : "";
      if (!button) return;
      button.disabled = isWorking;
      button.textContent = isWorking ? button.dataset.busy : label;
    };

    form.addEventListener("submit", () => setTimeout(show, 0, true));
    // The browser may have kept this page in its back/forward cache.
    addEventListener("pageshow", (event) => { if (event.persisted) show(false); });
  }
})();
