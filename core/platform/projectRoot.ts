import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json: two levels up from the source, three from what is compiled of it. */
function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('package.json not found above the code');
    folder = parent;
  }
  return folder;
}

/** The full path of a file that ships with the project, such as `prisma/migrations`. */
export function findProjectFile(...path: string[]): string {
  return join(projectRoot(), ...path);
}
