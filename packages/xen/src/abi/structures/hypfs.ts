import { defineStructure, u8, u16, u32 } from '../structure.js';

/** What precedes an entry's content (public/hypfs.h). */
export const xenHypfsDirentry = defineStructure('xen_hypfs_direntry', {
  type: u8,
  encoding: u8,
  pad: u16,
  contentLen: u32,
  maxWriteLen: u32,
});

/** An entry of a directory's content; its name follows at {@link DIRLIST_NAME}. */
export const xenHypfsDirlistentry = defineStructure('xen_hypfs_dirlistentry', { e: xenHypfsDirentry, offNext: u16 });
/** Where the name stands, behind `off_next`. */
export const DIRLIST_NAME = 14;

/** XEN_HYPFS_TYPE_*. */
export const HYPFS_TYPES = { dir: 0, blob: 1, string: 2, uint: 3, int: 4, bool: 5 } as const;
/** XEN_HYPFS_OP_*. */
export const HYPFS_GET_VERSION = 0;
export const HYPFS_READ = 1;
export const HYPFS_WRITE_CONTENTS = 2;
/** XEN_HYPFS_VERSION. */
export const HYPFS_VERSION = 1;
/** XEN_HYPFS_MAX_PATHLEN, the zero at the end counted. */
export const HYPFS_MAX_PATH = 1024;
