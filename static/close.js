"use strict";
// Buttons that close a message about the last press; it is gone with the next page in any case.
for (const button of document.querySelectorAll("[data-close]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    button.parentElement.remove();
    document.getElementById("main").focus({ preventScroll: true });
  });
}
