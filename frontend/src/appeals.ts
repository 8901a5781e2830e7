/** The pages of appeals: the time that is left goes on without a reload. */

import { startCountdowns } from "./countdown";

startCountdowns();
