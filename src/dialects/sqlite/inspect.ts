import type { Inspector } from '../inspector.js';

export const inspector: Inspector = {
  async lockHolder() {
    return undefined;
  },
};
