// What modules with elements need to be loaded in Node; nothing is drawn there.

Object.assign(globalThis, { HTMLElement: globalThis.HTMLElement ?? class {} });
