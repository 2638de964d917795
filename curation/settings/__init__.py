"""The settings: reading and changing config.yaml, with the type, range and default of every key."""

from curation.settings.addresses import is_address, place_key, written_path
from curation.settings.assets import AssetsSettings
from curation.settings.attributes import AttributesSettings
from curation.settings.event_places import EventPlaces, event_places, own_event, sample_places
from curation.settings.loading import (
    CONFIG_VARIABLE,
    Settings,
    SettingsOrigin,
    load_settings,
    overridden_keys,
)
from curation.settings.places import reload_settings, settings_of_event, with_places
from curation.settings.scale import GallerySettings, WorkersSettings
from curation.settings.sections import (
    BurstSettings,
    CategoryWeights,
    ClockSettings,
    ClusteringSettings,
    ComponentWeights,
    CountRuleSettings,
    DlibSettings,
    EngineSettings,
    IoSettings,
    PerformanceSettings,
    RetinaFaceArcFaceSettings,
    RuleMode,
    RuleSettings,
    RulesSettings,
    ScoringSettings,
    ServiceSettings,
    SwitchRuleSettings,
    ThresholdSettings,
    TilingMode,
)
from curation.settings.services import (
    ListenSettings,
    PeerSettings,
    RedisSettings,
    ServicesReadersSettings,
    ServicesSettings,
    StoreSettings,
)
from curation.settings.video import VideoSettings

__all__ = [
    "CONFIG_VARIABLE",
    "AssetsSettings",
    "AttributesSettings",
    "BurstSettings",
    "CategoryWeights",
    "ClockSettings",
    "ClusteringSettings",
    "ComponentWeights",
    "CountRuleSettings",
    "DlibSettings",
    "EngineSettings",
    "EventPlaces",
    "GallerySettings",
    "IoSettings",
    "ListenSettings",
    "PeerSettings",
    "PerformanceSettings",
    "RedisSettings",
    "RetinaFaceArcFaceSettings",
    "RuleMode",
    "RuleSettings",
    "RulesSettings",
    "ScoringSettings",
    "ServiceSettings",
    "ServicesReadersSettings",
    "ServicesSettings",
    "Settings",
    "SettingsOrigin",
    "StoreSettings",
    "SwitchRuleSettings",
    "ThresholdSettings",
    "TilingMode",
    "VideoSettings",
    "WorkersSettings",
    "event_places",
    "is_address",
    "load_settings",
    "overridden_keys",
    "own_event",
    "place_key",
    "reload_settings",
    "sample_places",
    "settings_of_event",
    "with_places",
    "written_path",
]
