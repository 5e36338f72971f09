// Updates the editor's preview while typing. Without this script the button Preview does the same.
(() => {
  const form = document.querySelector("form[data-preview]");
  if (!form) return;
  const REST = 500;
  let timer = 0;
  let latest = 0;

  const showMail = () => {
    const button = form.querySelector("[data-mail]");
    if (!button) return;
    button.hidden = true;
    form.requestSubmit(button);
  };

  const sampleNames = (part) => [...part.querySelectorAll("input")].map((input) => input.name).join();

  // Faults are shown beside the fields that were typed in; the others are not finished yet.
  const typed = new Set();
  const mark = (page) => {
    for (const name of typed) {
      const ours = form.elements.namedItem(name)?.closest?.(".field");
      const theirs = page.getElementById(form.elements.namedItem(name)?.id)?.closest(".field");
      if (!ours || !theirs) continue;
      ours.classList.toggle("wrong", theirs.classList.contains("wrong"));
      ours.querySelector("p.error")?.remove();
      const fault = theirs.querySelector("p.error");
      if (fault) ours.append(fault);
      for (const attribute of ["aria-invalid", "aria-describedby"]) {
        const value = theirs.querySelector(`[name="${name}"]`).getAttribute(attribute);
        if (value === null) form.elements.namedItem(name).removeAttribute(attribute);
        else form.elements.namedItem(name).setAttribute(attribute, value);
      }
    }
  };

  const show = (page) => {
    mark(page);
    document.getElementById("preview").replaceWith(page.getElementById("preview"));
    const ours = document.getElementById("samples");
    const theirs = page.getElementById("samples");
    const isTyping = ours.contains(document.activeElement);
    if (!isTyping && page.querySelector("#preview :is(.bubble, .letter)") && sampleNames(ours) !== sampleNames(theirs)) {
      ours.replaceWith(theirs);
    }
    showMail();
  };

  const refresh = async () => {
    const mine = ++latest;
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form) });
      const text = answer.ok && !answer.redirected ? await answer.text() : "";
      if (text && mine === latest) show(new DOMParser().parseFromString(text, "text/html"));
    } catch {
      // the Preview button still works
    }
  };

  form.addEventListener("input", (event) => {
    typed.add(event.target.name);
    clearTimeout(timer);
    timer = setTimeout(refresh, REST);
  });
  showMail();
})();
