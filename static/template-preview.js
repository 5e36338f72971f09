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

  const show = (page) => {
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

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, REST);
  });
  showMail();
})();
