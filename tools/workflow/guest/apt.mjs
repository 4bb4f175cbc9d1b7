import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whether a package's file is of an architecture, or of all. */
function isOf(architecture, file) {
  return new RegExp(`_(?:all|${architecture})[.]deb$`).test(file);
}

/**
 * Debian's packages of another architecture, fetched and unpacked without being installed: apt works on state of its
 * own in a directory, with the machine's sources and keys. It needs no rights.
 */
export class Apt {
  #directory;
  #options;
  #architecture;

  constructor(directory, architecture) {
    this.#directory = directory;
    this.#architecture = architecture;
    const state = join(directory, 'apt', architecture);
    for (const part of ['state/lists/partial', 'cache/archives/partial']) {
      mkdirSync(join(state, part), { recursive: true });
    }
    const status = join(state, 'status');
    if (!existsSync(status)) writeFileSync(status, '');
    this.#options = [
      `Dir::State=${join(state, 'state')}`,
      `Dir::State::status=${status}`,
      `Dir::Cache=${join(state, 'cache')}`,
      `APT::Architecture=${architecture}`,
      `APT::Architectures::=${architecture}`,
      'APT::Sandbox::User=',
    ].flatMap((option) => ['-o', option]);
  }

  /** Reads the lists of packages anew. A source without this architecture is no obstacle. */
  update() {
    this.#run('apt-get', ['update', '-q']);
  }

  /** The package that a metapackage stands for: its first dependency. */
  dependencyOf(name) {
    const text = this.#run('apt-cache', ['depends', name]);
    const found = /^\s*Depends: (\S+)/m.exec(text)?.[1];
    if (found === undefined)
      throw new Error(`no package ${name} for ${this.#architecture} in this machine's apt sources`);
    return found.replace(/:.*/, '');
  }

  /** Fetches a package and unpacks it; gives where. */
  unpack(name) {
    const target = join(this.#directory, `${name}_${this.#architecture}`);
    if (existsSync(target)) return target;
    const downloads = join(this.#directory, 'downloads');
    mkdirSync(downloads, { recursive: true });
    this.#run('apt-get', ['download', '-q', name], downloads);
    const file = readdirSync(downloads).find((one) => one.startsWith(`${name}_`) && isOf(this.#architecture, one));
    if (file === undefined) throw new Error(`apt-get download ${name} gave no file`);
    const status = spawnSync('dpkg-deb', ['-x', join(downloads, file), target], { stdio: 'inherit' }).status;
    if (status !== 0) throw new Error(`dpkg-deb cannot unpack ${file}`);
    return target;
  }

  #run(command, args, cwd = this.#directory) {
    const { status, stdout, stderr, error } = spawnSync(command, [...this.#options, ...args], {
      cwd,
      encoding: 'utf8',
    });
    if (error !== undefined)
      throw new Error(`${command} does not run (${error.message}): guests come from Debian packages`);
    if (status !== 0 && args[0] !== 'update') throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
    return stdout;
  }
}
