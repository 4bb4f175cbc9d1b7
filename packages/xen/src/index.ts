export { ERRNO, type ErrnoName } from './abi/errno.js';
