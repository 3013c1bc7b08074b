// Stands for the bundle of the Web Host: shows what it was given, and the pages of the application.
globalThis.loaded.push("module");
globalThis.initWippyApp = (config, place) => {
  globalThis.given = config;
  const listeners = {};
  const root = document.querySelector(place);
  const headers = { authorization: `Bearer ${config.auth.token}` };
  fetch(`${config.env.APP_API_URL}/api/public/pages/list`, { headers })
    .then((answer) => answer.json())
    .then(({ pages }) => {
      const list = document.createElement("ol");
      for (const page of pages) {
        const item = document.createElement("li");
        item.textContent = page.title;
        list.append(item);
      }
      root.replaceChildren(list);
    });
  globalThis.choose = (mode) => listeners.themeChanged(mode);
  return { on: (name, listener) => listeners[name] = listener };
};
