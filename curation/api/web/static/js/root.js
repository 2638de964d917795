// Where the addresses of this page's event begin: "" for the default event of the service, "/events/ID" for another one.

/** Every address of the event begins with it: `${root}/review/people`. Addresses in JSON answers have it already. */
export const root = document.documentElement.dataset.root ?? "";
