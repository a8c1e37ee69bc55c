import {
  Archive,
  Ban,
  Circle,
  CircleCheck,
  CircleDashed,
  CirclePause,
  CircleQuestionMark,
  CircleSlash,
  CircleX,
  Clock,
  Hand,
  LoaderCircle,
  type LucideIcon,
  MessageSquareWarning,
  OctagonX,
  Play,
  RotateCcw,
  Server,
  ShieldAlert,
  Undo2,
} from "lucide-react";

const ICONS: Record<string, LucideIcon> = {
  archive: Archive,
  ban: Ban,
  circle: Circle,
  "circle-check": CircleCheck,
  "circle-dashed": CircleDashed,
  "circle-pause": CirclePause,
  "circle-slash": CircleSlash,
  "circle-x": CircleX,
  clock: Clock,
  hand: Hand,
  "loader-circle": LoaderCircle,
  "message-square-warning": MessageSquareWarning,
  "octagon-x": OctagonX,
  play: Play,
  "rotate-ccw": RotateCcw,
  server: Server,
  "shield-alert": ShieldAlert,
  "undo-2": Undo2,
};

/** The icon that the vocabulary names; a name that is new to this page gets a question mark. */
export function iconOf(name: string): LucideIcon {
  return ICONS[name] ?? CircleQuestionMark;
}

export function isKnownIcon(name: string): boolean {
  return name in ICONS;
}
