using Litestream.Shadow;

namespace Litestream.Replication;

/// <summary>A worker asks for another generation than the one it names.</summary>
internal sealed record GenerationRequest(string Generation, GenerationReason Reason, string Detail);
