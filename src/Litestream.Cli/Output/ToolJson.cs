using System.Text.Json.Serialization;
using Litestream.Cli.Commands;

namespace Litestream.Cli.Output;

/// <summary>Everything that <c>--json</c> prints. The names are a promise to scripts.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(FailureReport))]
[JsonSerializable(typeof(VersionReport))]
[JsonSerializable(typeof(IReadOnlyList<DatabaseRow>))]
[JsonSerializable(typeof(IReadOnlyList<GenerationRow>))]
[JsonSerializable(typeof(IReadOnlyList<SnapshotRow>))]
[JsonSerializable(typeof(IReadOnlyList<WalRow>))]
[JsonSerializable(typeof(IReadOnlyList<DoctorRow>))]
[JsonSerializable(typeof(IReadOnlyList<SnapshotTakenRow>))]
[JsonSerializable(typeof(IReadOnlyList<StatusRow>))]
[JsonSerializable(typeof(IReadOnlyList<VerifyRow>))]
[JsonSerializable(typeof(RestoreReport))]
[JsonSerializable(typeof(RestorePlanReport))]
internal sealed partial class ToolJson : JsonSerializerContext;
