using System.Text.Json.Serialization;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>What the page and programs read and send, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PageStatus))]
[JsonSerializable(typeof(PageLag))]
[JsonSerializable(typeof(PageHistory))]
[JsonSerializable(typeof(PageJobReport))]
[JsonSerializable(typeof(PageError))]
[JsonSerializable(typeof(MomentRequest))]
[JsonSerializable(typeof(UndoRequest))]
internal sealed partial class PageJson : JsonSerializerContext;
