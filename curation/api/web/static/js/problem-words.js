// What the page says for a problem, by its stable code: to a person, not of requests or commands. The pages of the service
// read the same table, so what follows `WORDS =` is JSON.

const WORDS = {
  "already_running": "This is being done already: wait until it has ended, or stop it on the page Event.",
  "asset_file_not_found": "This picture is gone: hand it in again.",
  "asset_not_found": "This picture is not there any more.",
  "attributes_off": "Reading of attributes is switched off in the settings.",
  "bad_request": "The page asked for something that the service does not understand. Load the page again.",
  "busy": "Another run uses this event now: wait until it has ended.",
  "character_not_found": "This character is not in the film any more: load the page again.",
  "cluster_not_found": "This person is not there any more: merged with somebody, or marked as not a person.",
  "correction_not_found": "This correction is not there any more: it was undone already.",
  "export_gone": "The folder of this export is gone.",
  "export_not_found": "This export is not there any more.",
  "extra_missing": "A part of the program that this needs is not installed. The documentation says how it is added.",
  "face_data_invalid": "The result of finding the people cannot be read. Find the people again on the page Event.",
  "face_not_found": "This face is not there any more: the people were found again meanwhile. Load the page again.",
  "internal": "Something unexpected went wrong. It stands in the log of the service; try it again.",
  "interrupted": "The run was interrupted. Start it again: what was done already is kept.",
  "job_ended": "This has ended already.",
  "job_not_found": "This run is not there any more.",
  "known_person_not_found": "This person is not in the gallery any more.",
  "method_not_allowed": "The page asked for something that the service does not do. Load the page again.",
  "no_download": "There is nothing to download here.",
  "not_clustered": "The people are not found yet. Find them on the page Event first.",
  "not_finished": "This is not ready yet: wait until it has ended.",
  "not_found": "There is nothing at this address. It may belong to an earlier version of the page.",
  "not_scored": "The photos are not ranked yet. Rank them on the page Event first.",
  "nothing_to_export": "There is nothing to export yet: pick photos first, or export the best ones.",
  "offline": "The service does not answer. If it was closed, start it again with “make serve”; this page goes on by itself.",
  "other_event": "The result in this folder was made from other photos. Choose another folder, or find the people again.",
  "person_not_found": "There is no such person in this event.",
  "photo_not_found": "This photo is not in the event any more. Find the people again after photos were moved or removed.",
  "photos_missing": "The folder with the photos is not there. Connect the disk, or open another folder.",
  "poster_not_found": "This poster is not there any more.",
  "queue_full": "Too much is waiting already. Try again in a minute.",
  "role_unavailable": "A part of the services that read faces does not run. The page Faces says how it is started.",
  "redis_unavailable": "The services that read faces cannot be reached. The page Faces says how they are started.",
  "rules_changed": "The settings were changed elsewhere meanwhile. Load the page again, and change them again.",
  "service_ending": "The service is just being closed.",
  "sidecars_not_found": "This run is not there any more.",
  "suggestion_not_found": "This question is not open any more.",
  "too_busy": "The service is busy. Try again in a moment.",
  "too_large": "This is larger than the service takes.",
  "too_many_requests": "The service is busy with what you asked for before. Try again in a moment.",
  "too_many_streams": "Too many pages are open at once. Close some of them.",
  "unfound_not_found": "This is not open any more: it may be found now.",
  "unknown": "The service gave an answer that the page does not understand. Load the page again.",
  "video_file_not_found": "This file of the film is not there any more.",
  "video_not_found": "This film is not there any more.",
  "video_not_ready": "This film is not ready yet.",
  "videos_off": "Films need a part of the program that is not installed. The documentation says how it is added.",
  "weights_broken": "A file of the face engine is damaged. Fetch it again on the page Event.",
  "weights_missing": "A file of the face engine is missing. The page Event says what to do.",
  "weights_unusable": "The face engine cannot use its file. Fetch it again on the page Event.",
  "workers_missing": "No worker is there for this. Start one, and try again."
};

const TECHNICAL = /\b(GET|POST|PUT|PATCH|DELETE) \/|\bmake [a-z]|--[a-z]|python -m|`|\/docs\b/;

/** What a person is told: the words of the code, or the message without what speaks of requests and commands. */
export function wordsOf(code, message) {
  if (WORDS[code]) return WORDS[code];
  const parts = String(message ?? "").split(/(?<=[;:,(]) |\n+/).filter((part) => !TECHNICAL.test(part));
  const text = parts.join(" ").replace(/[\s;:,(]+$/, "").trim();
  if (!text) return WORDS.internal;
  return /[.!?…)]$/.test(text) ? sentence(text) : `${sentence(text)}.`;
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
