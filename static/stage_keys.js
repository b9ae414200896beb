// On the stage of a presenter: keys and clicker. A failure is shown on the console, not to the audience.
import { listen } from "./keys.js";

listen(() => {});
