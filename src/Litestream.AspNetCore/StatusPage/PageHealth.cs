using System.Text.Json.Serialization;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>How well something is, worst last.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PageHealth>))]
internal enum PageHealth
{
    /// <summary>Everything that was committed can be restored.</summary>
    [JsonStringEnumMemberName("safe")]
    Safe,

    /// <summary>Not yet, or not quite; it is on its way by itself.</summary>
    [JsonStringEnumMemberName("pending")]
    Pending,

    /// <summary>It does not go as it should.</summary>
    [JsonStringEnumMemberName("degraded")]
    Degraded,

    /// <summary>Somebody has to look.</summary>
    [JsonStringEnumMemberName("unhealthy")]
    Unhealthy,
}
