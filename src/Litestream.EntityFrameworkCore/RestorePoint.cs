using System.Globalization;

namespace Litestream;

/// <summary>A named moment of a database that every replica can be restored to.</summary>
/// <param name="Name">What the moment is, <c>before 20261128_AddOrders</c> say.</param>
/// <param name="Database">The name of the database in the options.</param>
/// <param name="Path">Its file.</param>
/// <param name="Position">Where in the replicas it is; for <see cref="RestoreOptions.Position"/>.</param>
/// <param name="Time">When it was.</param>
public sealed record RestorePoint(string Name, string Database, string Path, ReplicationPosition Position, DateTimeOffset Time)
{
    /// <summary>Says in words how to go back to it.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        Restore point of '{Database}': {Name}, {Position} at {Time.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z, is on every replica. To go back to it, stop the application, move {Path} and its -wal and -shm away, and restore it there:
          new RestoreOptions {"{"} OutputPath = "{Path}", Position = new ReplicationPosition("{Position.Generation}", {Position.Index}, {Position.Offset}) {"}"}
        """);
}
