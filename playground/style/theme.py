"""The theme in force: Fusion, an explicit palette, one style sheet and the type scale, the same on every system."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from playground.style.tokens import DARK, THEMES, Theme

BASE_POINTS = 10.0
GRID = 8
"""Everything is laid out on an 8-pixel grid."""

_theme: Theme = DARK
_scale: float = 1.0


def theme() -> Theme:
    """The theme in force."""
    return _theme


def colour(name: str, alpha: int = 255) -> QColor:
    """A colour of the theme in force by its name, for example "accent" or "attention"."""
    made = QColor(_theme.part(name))
    made.setAlpha(alpha)
    return made


def points(factor: float = 1.0) -> float:
    """A type size in points: 1 is the base size, never go below 0.85 of it."""
    return BASE_POINTS * _scale * factor


def font(factor: float = 1.0, *, bold: bool = False, mono: bool = False) -> QFont:
    """A font of the type scale; `mono` for tokens and tensors."""
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont) if mono else QFont(QApplication.font())
    made.setPointSizeF(points(factor))
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return made


def apply(application: QApplication, name: str, scale: float = 1.0) -> Theme:
    """Put a theme in force for the whole application; `scale` multiplies every type size."""
    global _theme, _scale
    _theme, _scale = THEMES[name], scale
    application.setStyle("Fusion")
    base = application.font()
    base.setPointSizeF(points())
    application.setFont(base)
    application.setPalette(_palette(_theme))
    application.setStyleSheet(_sheet(_theme))
    return _theme


def _palette(t: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for target, value in (
        (role.Window, t.window), (role.WindowText, t.text), (role.Base, t.surface), (role.AlternateBase, t.raised),
        (role.Text, t.text), (role.Button, t.surface), (role.ButtonText, t.text), (role.BrightText, t.text),
        (role.Highlight, t.accent), (role.HighlightedText, t.on_accent), (role.Link, t.accent),
        (role.ToolTipBase, t.surface), (role.ToolTipText, t.text), (role.PlaceholderText, t.quiet),
        (role.Light, t.raised), (role.Midlight, t.raised), (role.Mid, t.line), (role.Dark, t.line), (role.Shadow, t.line),
    ):  # fmt: skip
        palette.setColor(target, QColor(value))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(t.quiet))
    return palette


def _sheet(t: Theme) -> str:
    return f"""
    QToolTip {{ background: {t.surface}; color: {t.text}; border: 1px solid {t.line}; padding: 6px; }}
    QLabel[role="caption"] {{ color: {t.quiet}; }}
    QLabel[role="quiet"] {{ color: {t.quiet}; }}
    QLabel[role="pill"] {{ border: 1px solid {t.line}; border-radius: 9px; padding: 3px 10px; color: {t.quiet}; }}
    QLabel[role="good"] {{ background: {t.good_ground}; color: {t.good}; border-radius: 8px; padding: 2px 8px; }}
    QLabel[role="warning"] {{ background: {t.warning_ground}; color: {t.warning}; border-radius: 8px; padding: 2px 8px; }}
    QLabel[role="bad"] {{ border: 1px solid {t.bad}; color: {t.bad}; border-radius: 8px; padding: 1px 7px; }}
    QFrame[role="line"] {{ background: {t.line}; border: none; }}
    QFrame[role="card"] {{ background: {t.surface}; border: 1px solid {t.line}; border-radius: 8px; }}
    QFrame[role="notice"] {{ background: {t.warning_ground}; border: 1px solid {t.warning}; border-radius: 8px; }}
    QPushButton, QToolButton {{ background: {t.surface}; border: 1px solid {t.line}; border-radius: 8px; padding: 5px 12px;
        color: {t.text}; }}
    QPushButton:hover, QToolButton:hover {{ background: {t.raised}; }}
    QPushButton:disabled {{ color: {t.quiet}; background: transparent; }}
    QPushButton:focus, QToolButton:focus {{ border: 2px solid {t.accent}; padding: 4px 11px; }}
    QPushButton:disabled {{ color: #99{t.quiet[1:]}; background: transparent; }}
    QPushButton[role="primary"] {{ background: {t.accent}; border-color: {t.accent}; color: {t.on_accent}; font-weight: 600; }}
    QPushButton[role="primary"]:focus {{ border-color: {t.text}; }}
    QPushButton[role="primary"]:disabled {{ background: {t.raised}; border-color: {t.line}; color: {t.quiet}; }}
    QPushButton[role="link"], QToolButton[role="link"] {{ background: transparent; border: none; color: {t.accent}; padding: 2px 6px; }}
    QPushButton[role="link"]:focus {{ border: 2px solid {t.accent}; padding: 0px 4px; }}
    QPushButton[role="segment"] {{ border-radius: 0; padding: 4px 8px; border-right: none; color: {t.text}; }}
    QPushButton[role="segment"][end="left"] {{ border-top-left-radius: 6px; border-bottom-left-radius: 6px; }}
    QPushButton[role="segment"][end="right"] {{ border-top-right-radius: 6px; border-bottom-right-radius: 6px;
        border-right: 1px solid {t.line}; }}
    QPushButton[role="segment"][end="only"] {{ border-radius: 6px; border-right: 1px solid {t.line}; }}
    QPushButton[role="segment"]:checked {{ background: {t.selected}; font-weight: 600; }}
    QPushButton[role="segment"]:focus {{ border: 2px solid {t.accent}; padding: 3px 7px; }}
    QPushButton[role="segment"][dense="true"] {{ padding: 5px 3px; }}
    QPushButton[role="segment"][dense="true"]:focus {{ padding: 4px 2px; }}
    QPushButton[role="segment"][wrong="true"]:checked {{ border: 2px solid {t.warning}; padding: 3px 7px; }}
    QToolButton[role="small"] {{ padding: 4px 4px; border-radius: 7px; }}
    QToolButton[role="small"]:focus {{ padding: 3px 3px; }}
    QToolButton[role="small"]:disabled {{ color: {t.line}; background: transparent; }}
    QToolButton[role="reset"] {{ background: transparent; border: 1px solid transparent; padding: 0; color: {t.accent}; }}
    QToolButton[role="reset"]:hover {{ background: {t.raised}; border-radius: 4px; }}
    QToolButton[role="reset"]:focus {{ border: 2px solid {t.accent}; border-radius: 4px; padding: 0; }}
    QSpinBox[auto="true"] {{ color: {t.quiet}; border-style: dashed; }}
    QToolButton::menu-indicator {{ image: none; }}
    QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {{ background: {t.surface};
        border: 1px solid {t.line}; border-radius: 6px; padding: 3px 6px; selection-background-color: {t.accent};
        selection-color: {t.on_accent}; }}
    QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {{
        border: 2px solid {t.accent}; padding: 2px 5px; }}
    QSpinBox[wrong="true"], QDoubleSpinBox[wrong="true"], QLineEdit[wrong="true"], QComboBox[wrong="true"] {{
        border: 2px solid {t.warning}; padding: 2px 5px; }}
    QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus {{ border: none; padding: 0; background: transparent; }}
    /* not setButtonSymbols(NoButtons): under a style sheet that leaves no room for the number */
    QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 0; border: none; }}
    QComboBox::drop-down {{ border: none; width: 20px; }}
    QComboBox QAbstractItemView {{ background: {t.surface}; border: 1px solid {t.line}; selection-background-color: {t.selected};
        selection-color: {t.text}; }}
    QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {t.raised}; }}
    QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {t.accent}; }}
    QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: {t.accent}; }}
    QSlider::handle:horizontal:focus {{ border: 2px solid {t.text}; width: 12px; height: 12px; }}
    QTabBar {{ background: transparent; }}
    QTabBar::tab {{ background: transparent; border: none; border-bottom: 2px solid transparent; padding: 9px 11px; color: {t.quiet}; }}
    QTabBar[dense="true"]::tab {{ padding: 9px 6px; }}
    QTabBar::tab:selected {{ color: {t.text}; border-bottom: 2px solid {t.accent}; font-weight: 600; }}
    QTabBar::tab:hover {{ color: {t.text}; }}
    QTabBar::tab:focus {{ border-bottom: 2px solid {t.text}; }}
    QTabWidget::pane {{ border: none; border-top: 1px solid {t.line}; }}
    QMenu {{ background: {t.surface}; border: 1px solid {t.line}; padding: 4px; }}
    QMenu::item {{ padding: 6px 22px 6px 14px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {t.selected}; color: {t.text}; }}
    QMenu::item:disabled {{ color: {t.quiet}; }}
    QMenu::separator {{ height: 1px; background: {t.line}; margin: 4px 8px; }}
    QScrollArea, QAbstractScrollArea {{ border: none; background: transparent; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle {{ background: {t.line}; border-radius: 4px; min-height: 28px; min-width: 28px; margin: 1px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QSplitter::handle {{ background: {t.line}; }}
    QProgressBar {{ border: none; border-radius: 3px; background: {t.raised}; max-height: 6px; text-align: center; }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
    """
