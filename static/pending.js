"use strict";
/* Polls the page while something is in progress, and replaces its parts with `data-pending`, whose value is the seconds
   between two polls. It does not poll while the page is hidden or nobody has moved for 15 minutes, because each poll
   also keeps the session alive. A script that puts new parts into the page sends the event `partschanged`. Without
   this script there is a link to reload. */
(() => {
  const WATCHED = 15 * 60 * 1000;
  const announcer = document.getElementById("announcer");
  let movedAt = performance.now();

  const parts = () => [...document.querySelectorAll("[data-pending][id]")];
  // A form has a new CSRF token each time, so only its state is compared.
  const seen = (part) => part.dataset.state ?? part.innerHTML;

  const replace = (shown, fresh) => {
    const link = shown.contains(document.activeElement) && document.activeElement.getAttribute("href");
    shown.replaceWith(fresh);
    if (link) fresh.querySelector(`a[href="${CSS.escape(link)}"]`)?.focus({ preventScroll: true });
  };

  const renew = (page) => {
    for (const shown of parts()) {
      const fresh = page.getElementById(shown.id);
      const hasEnded = !fresh || !("pending" in fresh.dataset);
      if (hasEnded && fresh?.dataset.ended) announcer.textContent = fresh.dataset.ended;
      if (!fresh) delete shown.dataset.pending;
      else if (hasEnded || seen(fresh) !== seen(shown)) replace(shown, fresh);
    }
  };

  const look = async () => {
    if (!document.hidden && performance.now() - movedAt < WATCHED) {
      try {
        const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
        if (answer.redirected || answer.status === 404) return;
        if (answer.ok) renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } catch {
        /* try again at the next poll */
      }
    }
    wait();
  };

  let timer = 0;
  const wait = () => {
    const seconds = parts().map((part) => Number(part.dataset.pending) || 1);
    clearTimeout(timer);
    if (seconds.length) timer = setTimeout(look, 1000 * Math.min(...seconds));
  };

  for (const sign of ["pointermove", "keydown", "visibilitychange"]) {
    document.addEventListener(sign, () => { movedAt = performance.now(); }, { passive: true });
  }
  document.addEventListener("partschanged", wait);
  wait();
})();
