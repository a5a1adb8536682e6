// Rows of what a trial found.

export const row = (what, value, failed = false) => ({ what, value, failed });

export const MB = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
