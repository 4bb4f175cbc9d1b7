export { ERRNO, type ErrnoName } from './abi/errno.js';
export {
  COMPATIBLE,
  compareVersions,
  readXenNode,
  versionOf,
  versionWords,
  writeXenNode,
  type XenDescription,
  type XenNode,
  type XenRegion,
  type XenUefi,
  type XenVersion,
} from './binding.js';
