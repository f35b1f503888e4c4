// A browser lets no page that was opened from a disk start a worker, so search runs in a hidden
// frame of the same page instead. It loads the theme's own search script from beside the page.
if (location.protocol === "file:")
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      this.inside = frame.contentWindow;
      this.inside.postMessage = (data) =>
        this.dispatchEvent(new MessageEvent("message", { data: structuredClone(data) }));
      const load = (source) =>
        new Promise((done, failed) => {
          const script = frame.contentDocument.createElement("script");
          Object.assign(script, { src: source, onload: done, onerror: failed });
          frame.contentDocument.body.append(script);
        });
      this.inside.importScripts = (...sources) => Promise.all(sources.map(load));
      this.loaded = load(url);
    }
    async postMessage(data) {
      await this.loaded;
      this.inside.dispatchEvent(new MessageEvent("message", { data: structuredClone(data) }));
    }
    terminate() {
      this.inside.frameElement.remove();
    }
  };
