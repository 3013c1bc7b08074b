globalThis.loaded = ["first"];
