"use strict";
/* Buttons that show the password beside them, and hide it again before it is sent. Without this script they stay hidden. */
(() => {
  for (const button of document.querySelectorAll("[data-show]")) {
    const input = document.getElementById(button.dataset.show);
    const turn = (shown) => {
      input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", shown);
    };
    button.hidden = false;
    button.addEventListener("click", () => { turn(input.type === "password"); input.focus(); });
    input.form.addEventListener("submit", () => turn(false));
  }
})();
