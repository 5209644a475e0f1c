declare const __DBPAT_VERSION__: string;

/** The package's version; the build fills it in. */
export const version: string = typeof __DBPAT_VERSION__ === 'undefined' ? '0.0.0' : __DBPAT_VERSION__;
