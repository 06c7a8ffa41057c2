namespace Litestream.Verification;

/// <summary>How the verification of a replica stands. Thread-safe; from memory.</summary>
internal sealed class VerificationRecord
{
    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private ReplicaVerification? _verified;
    private string? _error;
    private bool _differs;

    /// <summary>A verification came to an end.</summary>
    /// <returns>True if it found a difference where there was none before, or none where there was one.</returns>
    public bool Done(ReplicaVerification verification)
    {
        lock (_lock)
        {
            var changed = _differs == verification.Succeeded;
            _verified = verification.Succeeded ? verification : _verified;
            (_error, _differs) = (verification.Difference, !verification.Succeeded);
            return changed;
        }
    }

    /// <summary>A verification could not be done. A difference that is known stays known.</summary>
    public void NotDone(string reason)
    {
        lock (_lock)
        {
            _error = _differs ? _error : reason;
        }
    }

    /// <summary>Adds to a status what is known. A replica that does not restore to the database is at fault, however well it is written to.</summary>
    public ReplicaStatus AddTo(ReplicaStatus status)
    {
        lock (_lock)
        {
            return status with
            {
                LastVerifiedAt = _verified?.VerifiedAt,
                LastVerifiedPosition = _verified?.Position ?? default,
                VerificationError = _error,
                State = _differs && status.State == ReplicationState.Replicating ? ReplicationState.Faulted : status.State,
                LastError = _differs ? status.LastError ?? $"Verification failed: {_error}" : status.LastError,
            };
        }
    }
}
