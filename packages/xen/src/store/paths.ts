/** Longest path of a special watch (XENSTORE_REL_PATH_MAX). */
export const SPECIAL_PATH_MAX = 2048;

const DOMAIN_PREFIX = /^\/local\/domain\/[+-]?\d{1,5}\//;
const CHARACTERS = /^[A-Za-z0-9\-/_@]*$/;

/**
 * Whether a path can name a node: absolute, no empty component, no slash at the end, the permitted characters, and after
 * a domain's own prefix at most `longest` characters (docs/misc/xenstore.txt; `is_valid_nodename`).
 */
export function isValidPath(path: string, longest: number): boolean {
  if (!path.startsWith('/') || (path.endsWith('/') && path !== '/') || path.includes('//')) return false;
  const prefix = DOMAIN_PREFIX.exec(path)?.[0].length ?? 0;
  return path.length <= prefix + longest && CHARACTERS.test(path);
}

/** The path of the directory that a path stands in; the root's is itself. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash > 0 ? path.slice(0, slash) : '/';
}

/** A path's last component. */
export function leafName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The path of a directory's child. */
export function childPath(directory: string, leaf: string): string {
  return directory === '/' ? `/${leaf}` : `${directory}/${leaf}`;
}

/** Whether a path is another one, or stands below it. */
export function isWithin(path: string, ancestor: string): boolean {
  if (ancestor === '/') return true;
  return path.startsWith(ancestor) && (path.length === ancestor.length || path[ancestor.length] === '/');
}

/** A domain's own directory, to which its relative paths refer. */
export function domainPath(domid: number): string {
  return `/local/domain/${domid}`;
}

/** Whether a watch's path names an event of the store's own (`@introduceDomain`, `@releaseDomain`). */
export function isSpecial(path: string): boolean {
  return path.startsWith('@');
}

/** Events that the store makes itself. */
export const INTRODUCE_DOMAIN = '@introduceDomain';
/** A domain shut down, crashed, or left the store. */
export const RELEASE_DOMAIN = '@releaseDomain';
