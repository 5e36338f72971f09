"use strict";
/* A click beside the link of a row follows it. And every ten seconds the page asks how many rows are newer than its own,
   and shows them as a link to its first page; not while it is hidden or nobody has moved for 15 minutes, because asking
   also keeps the session alive. */
(() => {
  const WATCHED = 15 * 60 * 1000;
  const place = document.querySelector("[data-newer]");
  const link = place?.querySelector("a");
  let movedAt = performance.now();

  document.querySelector(".dense")?.addEventListener("click", (event) => {
    if (!event.target.closest("a, input") && !String(getSelection())) {
      event.target.closest("tr")?.querySelector("a.name")?.click();
    }
  });

  if (!link) return;
  setInterval(async () => {
    if (document.hidden || performance.now() - movedAt > WATCHED) return;
    try {
      const answer = await fetch(place.dataset.newer, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) return;
      const { text } = await answer.json();
      if (link.textContent !== text) link.textContent = text;
      link.hidden = !text;
    } catch {
      /* ask again next time */
    }
  }, 10_000);
  for (const sign of ["pointermove", "keydown", "visibilitychange"]) {
    document.addEventListener(sign, () => { movedAt = performance.now(); }, { passive: true });
  }
})();
