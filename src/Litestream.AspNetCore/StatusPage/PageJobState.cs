using System.Text.Json.Serialization;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>How far it has come.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PageJobState>))]
internal enum PageJobState
{
    /// <summary>It is at work.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>A copy can be downloaded.</summary>
    [JsonStringEnumMemberName("ready")]
    Ready,

    /// <summary>It is done; of a copy nothing is left here.</summary>
    [JsonStringEnumMemberName("done")]
    Done,

    /// <summary>It did not work. Nothing was changed.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>Somebody ended it. Nothing was changed.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    /// <summary>The copy was not downloaded in time, and is gone.</summary>
    [JsonStringEnumMemberName("expired")]
    Expired,
}
