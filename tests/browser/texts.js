// Every text of the page that a person reads or hears, but what stands in code, in other languages, or in fields.
() => {
  const page = document.documentElement;
  const kept = "code, pre, script, style, textarea, .mono, [translate=no]";
  const ours = (element) => !element.closest(kept) && element.closest("[lang]") === page;
  const found = new Set();
  const walker = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (ours(walker.currentNode.parentElement)) found.add(walker.currentNode.textContent);
  const spoken = ["aria-label", "aria-description", "title", "placeholder", "alt", "data-label", "label"];
  for (const element of page.querySelectorAll("*")) {
    if (!ours(element)) continue;
    for (const { name, value } of element.attributes) {
      if (spoken.includes(name) || (name.startsWith("data-") && /\p{L}{3}.* /u.test(value))) found.add(value);
    }
  }
  return [...found].map((text) => text.trim().replace(/\s+/g, " ")).filter(Boolean);
}
