// What these tests are about: the units of this package and the binary that they start.

import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export const PARLOR = process.env.PARLOR_BIN ?? here('../../target/release/parlor');

export const UNITS = ['parlor.service', 'parlor.socket', 'parlor-web.socket'];

/** The path of a file in `systemd/`. */
export const unit = (name) => here(`../../systemd/${name}`);
