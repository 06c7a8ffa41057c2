namespace Litestream.Simulation;

/// <summary>What a worker has said: this position can be restored.</summary>
/// <param name="Replica">Number of the replica.</param>
/// <param name="Position">The position.</param>
/// <param name="Exactly">The state that it is; null if only a lower bound is known.</param>
/// <param name="AtLeast">The state that it has to contain.</param>
/// <param name="Step">In which step it was said.</param>
/// <param name="At">When it was said.</param>
internal sealed record Acknowledgement(int Replica, ReplicationPosition Position, State? Exactly, State AtLeast, int Step, DateTimeOffset At);
