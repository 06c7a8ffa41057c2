using System.Text.Json.Serialization;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>What is done from the page.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PageJobKind>))]
internal enum PageJobKind
{
    /// <summary>A copy is restored, to be downloaded.</summary>
    [JsonStringEnumMemberName("copy")]
    Copy,

    /// <summary>A database is restored in place.</summary>
    [JsonStringEnumMemberName("restore")]
    Restore,

    /// <summary>That is taken back.</summary>
    [JsonStringEnumMemberName("undo")]
    Undo,
}
