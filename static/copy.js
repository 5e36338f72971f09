"use strict";
/* Buttons that copy the text of an input or of another element. Without this script they stay hidden, and the text can be selected by hand. */
(() => {
  if (!navigator.clipboard) return;
  const announcer = document.getElementById("announcer");

  for (const button of document.querySelectorAll("[data-copy]")) {
    const input = document.getElementById(button.dataset.copy);
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(input.value ?? input.textContent);
      } catch {
        input.select?.();
        return;
      }
      button.textContent = announcer.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = label; }, 2000);
    });
  }
  for (const input of document.querySelectorAll(".secret")) {
    input.addEventListener("focus", () => input.select());
  }
})();
