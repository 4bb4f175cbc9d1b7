/**
 * What a grant operation answers for each entry, in the `status` field of its structure
 * (xen/include/public/grant_table.h, enum grant_status). No number of {@link ERRNO} is among them: those come only as the
 * result of the whole hypercall.
 */
export const GNTST = {
  okay: 0,
  general_error: -1,
  bad_domain: -2,
  bad_gntref: -3,
  bad_handle: -4,
  bad_virt_addr: -5,
  bad_dev_addr: -6,
  no_device_space: -7,
  permission_denied: -8,
  bad_page: -9,
  bad_copy_arg: -10,
  address_too_big: -11,
  eagain: -12,
  no_space: -13,
} as const;

/** The name of a grant operation's status. */
export type GrantStatusName = keyof typeof GNTST;
