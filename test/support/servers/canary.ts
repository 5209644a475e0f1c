/** Every password of a test holds it, so that any output can be searched for it. */
export const canary = 'c4nary-Pa55';
