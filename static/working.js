"use strict";
/* Forms whose answer takes a while say so once they are sent: their note is shown and told. A button that has a text
   for it can't be pressed again; that of a file can, as the page stays. Without this script the browser's own sign
   has to do. */
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
    // Back from the next page, which the browser may have kept this one for.
    addEventListener("pageshow", (event) => { if (event.persisted) show(false); });
  }
})();
