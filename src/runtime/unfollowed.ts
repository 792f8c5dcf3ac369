/** Progress that nobody follows: then a server is not asked to tell of its own, each of whose steps is a message. */
export const unfollowed = (): void => {};
