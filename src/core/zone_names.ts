/**
 * Abbreviations of time zones, as the IANA database has them.
 *
 * Only zones whose abbreviations are letters are listed, with the offsets they stand for today; every other zone (and
 * every offset that a zone has no name for) is written by its offset, `+0530` as `+0530`, whole hours as `+05`.
 */

/** Lines of `NAME±minutes ...: zone zone ...`. */
const ZONES = `
ACST+570: Australia/Darwin Australia/North
ACST+570 ACDT+630: Australia/Adelaide Australia/Broken_Hill Australia/South Australia/Yancowinna
AEST+600: Australia/Brisbane Australia/Lindeman Australia/Queensland
AEST+600 AEDT+660: Antarctica/Macquarie Australia/ACT Australia/Canberra Australia/Currie Australia/Hobart
AEST+600 AEDT+660: Australia/Melbourne Australia/NSW Australia/Sydney Australia/Tasmania Australia/Victoria
AKST-540 AKDT-480: America/Anchorage America/Juneau America/Metlakatla America/Nome America/Sitka
AKST-540 AKDT-480: America/Yakutat US/Alaska
AST-240: America/Anguilla America/Antigua America/Aruba America/Barbados America/Blanc-Sablon
AST-240: America/Curacao America/Dominica America/Grenada America/Guadeloupe America/Kralendijk
AST-240: America/Lower_Princes America/Marigot America/Martinique America/Montserrat America/Port_of_Spain
AST-240: America/Puerto_Rico America/Santo_Domingo America/St_Barthelemy America/St_Kitts America/St_Lucia
AST-240: America/St_Thomas America/St_Vincent America/Tortola America/Virgin
AST-240 ADT-180: America/Glace_Bay America/Goose_Bay America/Halifax America/Moncton America/Thule
AST-240 ADT-180: Atlantic/Bermuda Canada/Atlantic
AWST+480: Australia/Perth Australia/West
CAT+120: Africa/Blantyre Africa/Bujumbura Africa/Gaborone Africa/Harare Africa/Juba Africa/Khartoum
CAT+120: Africa/Kigali Africa/Lubumbashi Africa/Lusaka Africa/Maputo Africa/Windhoek
CET+60: Africa/Algiers Africa/Tunis
CET+60 CEST+120: Africa/Ceuta Arctic/Longyearbyen Atlantic/Jan_Mayen CET Europe/Amsterdam Europe/Andorra
CET+60 CEST+120: Europe/Belgrade Europe/Berlin Europe/Bratislava Europe/Brussels Europe/Budapest
CET+60 CEST+120: Europe/Busingen Europe/Copenhagen Europe/Gibraltar Europe/Ljubljana Europe/Luxembourg
CET+60 CEST+120: Europe/Madrid Europe/Malta Europe/Monaco Europe/Oslo Europe/Paris Europe/Podgorica
CET+60 CEST+120: Europe/Prague Europe/Rome Europe/San_Marino Europe/Sarajevo Europe/Skopje Europe/Stockholm
CET+60 CEST+120: Europe/Tirane Europe/Vaduz Europe/Vatican Europe/Vienna Europe/Warsaw Europe/Zagreb
CET+60 CEST+120: Europe/Zurich Poland
CST+480: Asia/Chongqing Asia/Chungking Asia/Harbin Asia/Macao Asia/Macau Asia/Shanghai Asia/Taipei PRC ROC
CST-300 CDT-240: America/Havana Cuba
CST-360: America/Belize America/Costa_Rica America/El_Salvador America/Guatemala America/Managua
CST-360: America/Regina America/Swift_Current America/Tegucigalpa Canada/Saskatchewan
CST-360 CDT-300: America/Bahia_Banderas America/Chicago America/Indiana/Knox America/Indiana/Tell_City
CST-360 CDT-300: America/Knox_IN America/Matamoros America/Menominee America/Merida America/Mexico_City
CST-360 CDT-300: America/Monterrey America/North_Dakota/Beulah America/North_Dakota/Center
CST-360 CDT-300: America/North_Dakota/New_Salem America/Rainy_River America/Rankin_Inlet America/Resolute
CST-360 CDT-300: America/Winnipeg CST6CDT Canada/Central Mexico/General US/Central US/Indiana-Starke
ChST+600: Pacific/Guam Pacific/Saipan
EAT+180: Africa/Addis_Ababa Africa/Asmara Africa/Asmera Africa/Dar_es_Salaam Africa/Djibouti Africa/Kampala
EAT+180: Africa/Mogadishu Africa/Nairobi Indian/Antananarivo Indian/Comoro Indian/Mayotte
EET+120: Africa/Tripoli Europe/Kaliningrad Libya
EET+120 EEST+180: Africa/Cairo Asia/Amman Asia/Beirut Asia/Damascus Asia/Famagusta Asia/Gaza Asia/Hebron
EET+120 EEST+180: Asia/Nicosia EET Egypt Europe/Athens Europe/Bucharest Europe/Chisinau Europe/Helsinki
EET+120 EEST+180: Europe/Kiev Europe/Kyiv Europe/Mariehamn Europe/Nicosia Europe/Riga Europe/Sofia
EET+120 EEST+180: Europe/Tallinn Europe/Tiraspol Europe/Uzhgorod Europe/Vilnius Europe/Zaporozhye
EST-300: America/Atikokan America/Cancun America/Cayman America/Coral_Harbour America/Jamaica America/Panama
EST-300: EST Jamaica
EST-300 EDT-240: America/Detroit America/Fort_Wayne America/Grand_Turk America/Indiana/Indianapolis
EST-300 EDT-240: America/Indiana/Marengo America/Indiana/Petersburg America/Indiana/Vevay
EST-300 EDT-240: America/Indiana/Vincennes America/Indiana/Winamac America/Indianapolis America/Iqaluit
EST-300 EDT-240: America/Kentucky/Louisville America/Kentucky/Monticello America/Louisville America/Montreal
EST-300 EDT-240: America/Nassau America/New_York America/Nipigon America/Pangnirtung America/Port-au-Prince
EST-300 EDT-240: America/Thunder_Bay America/Toronto Canada/Eastern EST5EDT US/East-Indiana US/Eastern
EST-300 EDT-240: US/Michigan
GMT+0: Africa/Abidjan Africa/Accra Africa/Bamako Africa/Banjul Africa/Bissau Africa/Conakry Africa/Dakar
GMT+0: Africa/Freetown Africa/Lome Africa/Monrovia Africa/Nouakchott Africa/Ouagadougou Africa/Sao_Tome
GMT+0: Africa/Timbuktu America/Danmarkshavn Atlantic/Reykjavik Atlantic/St_Helena Etc/Greenwich GMT GMT+0
GMT+0: GMT-0 GMT0 Greenwich Iceland
GMT+0 BST+60: Europe/Belfast Europe/Guernsey Europe/Isle_of_Man Europe/Jersey Europe/London GB GB-Eire
GMT+0 IST+60: Eire Europe/Dublin
HKT+480: Asia/Hong_Kong Hongkong
HST-600: HST Pacific/Honolulu Pacific/Johnston US/Hawaii
HST-600 HDT-540: America/Adak America/Atka US/Aleutian
IST+120 IDT+180: Asia/Jerusalem Asia/Tel_Aviv Israel
IST+330: Asia/Calcutta Asia/Kolkata
JST+540: Asia/Tokyo Japan
KST+540: Asia/Pyongyang Asia/Seoul ROK
MET+60 MEST+120: MET
MSK+180: Europe/Kirov Europe/Moscow Europe/Simferopol Europe/Volgograd W-SU
MST-420: America/Creston America/Dawson America/Dawson_Creek America/Fort_Nelson America/Hermosillo
MST-420: America/Phoenix America/Whitehorse Canada/Yukon MST US/Arizona
MST-420 MDT-360: America/Boise America/Cambridge_Bay America/Denver America/Edmonton America/Inuvik
MST-420 MDT-360: America/Mazatlan America/Shiprock America/Yellowknife Canada/Mountain MST7MDT
MST-420 MDT-360: Mexico/BajaSur Navajo US/Mountain
MST-420 MDT-360 CST-360: America/Chihuahua America/Ciudad_Juarez
MST-420 MDT-360 CST-360 CDT-300: America/Ojinaga
NST-210 NDT-150: America/St_Johns Canada/Newfoundland
NZST+720 NZDT+780: Antarctica/McMurdo Antarctica/South_Pole NZ Pacific/Auckland
PKT+300: Asia/Karachi
PST+480: Asia/Manila
PST-480 PDT-420: America/Ensenada America/Los_Angeles America/Santa_Isabel America/Tijuana America/Vancouver
PST-480 PDT-420: Canada/Pacific Mexico/BajaNorte PST8PDT US/Pacific
SAST+120: Africa/Johannesburg Africa/Maseru Africa/Mbabane
SST-660: Pacific/Midway Pacific/Pago_Pago Pacific/Samoa US/Samoa
UTC+0: Etc/UCT Etc/UTC Etc/Universal Etc/Zulu UCT UTC Universal Zulu
WAT+60: Africa/Bangui Africa/Brazzaville Africa/Douala Africa/Kinshasa Africa/Lagos Africa/Libreville
WAT+60: Africa/Luanda Africa/Malabo Africa/Ndjamena Africa/Niamey Africa/Porto-Novo
WET+0 WEST+60: Atlantic/Canary Atlantic/Faeroe Atlantic/Faroe Atlantic/Madeira Europe/Lisbon Portugal WET
WIB+420: Asia/Jakarta Asia/Pontianak
WIT+540: Asia/Jayapura
WITA+480: Asia/Makassar Asia/Ujung_Pandang
`;

/** A name of a zone and the offset it stands for, in minutes east. */
interface ZoneName {
  readonly name: string;
  readonly minutes: number;
}

let parsed: ReadonlyMap<string, readonly ZoneName[]> | undefined;

/** The names by zone, read when first asked for: most programs never do. */
function zoneNames(): ReadonlyMap<string, readonly ZoneName[]> {
  return parsed ??= parseZones();
}

function parseZones(): Map<string, ZoneName[]> {
  const zones = new Map<string, ZoneName[]>();
  for (const line of ZONES.trim().split("\n")) {
    const colon = line.indexOf(":");
    const names = line.slice(0, colon).split(" ").map((entry) => {
      const at = entry.search(/[+-]/);
      return { name: entry.slice(0, at), minutes: Number(entry.slice(at)) };
    });
    for (const zone of line.slice(colon + 2).split(" ")) zones.set(zone, names);
  }
  return zones;
}

/** Abbreviation of `zone` (IANA name) while its offset is `minutes`. */
export function zoneAbbreviation(zone: string, minutes: number): string {
  const named = zoneNames().get(zone)?.find((entry) => entry.minutes === minutes);
  return named === undefined ? offsetName(minutes) : named.name;
}

/** Offset in minutes that `abbreviation` stands for in `zone`; undefined when the zone does not use it. */
export function abbreviationOffset(zone: string, abbreviation: string): number | undefined {
  return zoneNames().get(zone)?.find((entry) => entry.name === abbreviation)?.minutes;
}

function offsetName(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (value: number): string => String(value).padStart(2, "0");
  const rest = size % 60 === 0 ? "" : two(size % 60);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${rest}`;
}
