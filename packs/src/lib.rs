//! The eleven message packs.
