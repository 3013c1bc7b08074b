globalThis.loaded.push("second");
