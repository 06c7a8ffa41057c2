using Litestream.Replication;

namespace Litestream.Verification;

/// <summary>The verifications of a database's replicas, on demand and each in its own time. Thread-safe.</summary>
internal sealed class DatabaseVerifier(ICapturedDatabase database, IReadOnlyList<ReplicaVerifier> replicas, TimeProvider time) : IDisposable
{
    /// <summary>What failed, or could not be done, is looked at again after this, or after the interval if that is shorter.</summary>
    private static readonly TimeSpan AgainAfter = TimeSpan.FromHours(1);

    /// <summary>The loops. Returns when the token is cancelled, and throws nothing.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(replicas.Select(replica => RunAsync(replica, cancellationToken)));

    /// <summary>Goes on with other intervals, at once.</summary>
    public void Apply(string replica, TimeSpan? interval)
    {
        foreach (var verifier in replicas.Where(verifier => verifier.Name == replica))
        {
            verifier.Interval.Value = interval;
            verifier.Changed.Urgent();
        }
    }

    /// <summary>The replicas' verifiers.</summary>
    public IReadOnlyList<ReplicaVerifier> Replicas => replicas;

    /// <summary>Adds to the status of a replica what is known.</summary>
    public ReplicaStatus AddTo(ReplicaStatus status) =>
        replicas.FirstOrDefault(replica => replica.Name == status.Name) is { } verifier ? verifier.AddTo(status) : status;

    /// <summary>Verifies one replica, or all of them, one after the other: each needs the room of a database.</summary>
    /// <exception cref="ArgumentException">There is no such replica.</exception>
    /// <exception cref="LitestreamException">A replica could not be verified; those that could are in the status.</exception>
    public async Task<VerificationResult> VerifyAsync(string? name, CancellationToken cancellationToken)
    {
        var asked = replicas.Where(replica => name is null || replica.Name == name).ToList();
        if (asked.Count == 0)
        {
            throw new ArgumentException(
                $"The database '{database.Name}' has no replica '{name}'. It has: {string.Join(", ", replicas.Select(replica => replica.Name))}.", nameof(name));
        }

        var (verified, failures) = (new List<ReplicaVerification>(), new List<LitestreamException>());
        foreach (var replica in asked)
        {
            try
            {
                verified.Add(await replica.VerifyAsync(cancellationToken).ConfigureAwait(false));
            }
            catch (LitestreamException exception)
            {
                failures.Add(exception);
            }
        }

        return failures.Count switch
        {
            0 => new VerificationResult(verified),
            1 => throw failures[0],
            _ => throw new ReplicaException(
                string.Join(Environment.NewLine, failures.Select(failure => failure.Message)),
                new AggregateException(failures),
                failures.TrueForAll(failure => failure.IsTransient)),
        };
    }

    public void Dispose()
    {
        foreach (var replica in replicas)
        {
            replica.Dispose();
        }
    }

    private async Task RunAsync(ReplicaVerifier replica, CancellationToken cancellationToken)
    {
        System.Diagnostics.Activity.Current = null; // whoever started the loop is not the parent of all that it will ever do
        var (last, verified, first) = (time.GetTimestamp(), true, true);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var interval = replica.Interval.Value;
                var delay = interval is not { } every ? Timeout.InfiniteTimeSpan
                    : (first ? FirstDelay(replica.Name, every) : verified || every < AgainAfter ? every : AgainAfter) - time.GetElapsedTime(last);
                if (interval is null || delay > TimeSpan.Zero)
                {
                    await replica.Changed.WaitAsync(delay, urgentOnly: true, time, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                (last, verified, first) = (time.GetTimestamp(), false, false);
                verified = !replica.CanVerify || (await replica.VerifyAsync(cancellationToken).ConfigureAwait(false)).Succeeded;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception)
            {
                // Recorded and logged where it happened. The loop goes on all the same.
            }

            last = time.GetTimestamp();
        }
    }

    // Spread over the second half of the interval, always the same for the same database: many databases in one process
    // are not verified all at once.
    private TimeSpan FirstDelay(string replica, TimeSpan interval)
    {
        var hash = 2166136261u;
        foreach (var character in database.Name + "/" + replica)
        {
            hash = unchecked((hash ^ character) * 16777619);
        }

        return interval * (1 - (hash % 500 / 1000.0));
    }
}
