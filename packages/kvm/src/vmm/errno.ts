/** What an ioctl of the kernel's came to: `OK`, or the name of its errno. */
export type Errno = 'OK' | 'EBUSY' | 'EEXIST' | 'EINTR' | 'EINVAL' | 'ENOENT' | 'ENOEXEC' | 'ENOMEM' | 'ENXIO';
