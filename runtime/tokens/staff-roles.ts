// What a badge may name its bearer: a bitmap in the code, words everywhere else.
export const staffRoles = ['gate', 'cabinet', 'driver', 'inspector', 'technician'] as const;
export type StaffRole = (typeof staffRoles)[number];

/** Every role set. */
export const staffRolesMax = 2 ** staffRoles.length - 1;

/** The roles of a bitmap, lowest bit first. */
export const rolesOf = (bitmap: number): readonly StaffRole[] =>
  staffRoles.filter((_role, bit) => (bitmap & (1 << bit)) !== 0);

export const roleBits = (roles: readonly StaffRole[]): number =>
  roles.reduce((bitmap, role) => bitmap | (1 << staffRoles.indexOf(role)), 0);
